"""64 clients at once: no error, and bounded memory."""

import hashlib
import multiprocessing
import random
import threading
import time

from wire import Wire, quote

CLIENTS = 64
PROCESSES = 4
MIB = 1 << 20


def client(port, key, number, until, faults, counts):
    """Puts, reads, lists, copies and deletes, and checks every answer."""
    rng = random.Random(number)
    wire = Wire(port, key, timeout=60)
    known, done = {}, 0
    try:
        while time.monotonic() < until:
            name = f"c{number}/{rng.randrange(50)}"
            target = f"/load/{quote(name)}"
            way = rng.choices("pgldch", (4, 6, 1, 1, 1, 2))[0]
            if way == "p":
                body = rng.randbytes(rng.choice((0, 100, 1024, 1024, 20_000, 200_000)))
                answer = wire.request("PUT", target, body)
                assert answer.status == 200 and answer.headers["etag"] == f'"{hashlib.md5(body).hexdigest()}"', answer
                known[name] = hashlib.md5(body).hexdigest()
            elif way == "g":
                answer = wire.request("GET", target)
                if name in known:
                    assert answer.status == 200 and hashlib.md5(answer.body).hexdigest() == known[name], answer
                else:
                    assert answer.status == 404, answer
            elif way == "h":
                assert wire.request("HEAD", target).status == (200 if name in known else 404)
            elif way == "l":
                assert wire.keys("load", f"c{number}/") == sorted(known)
            elif way == "d":
                assert wire.request("DELETE", target).status == 204
                known.pop(name, None)
            elif known:
                source = rng.choice(sorted(known))
                answer = wire.request("PUT", target, headers={"x-amz-copy-source": f"load/{quote(source)}"})
                if source != name:
                    assert answer.status == 200, answer
                    known[name] = known[source]
                else:
                    assert answer.code == "InvalidRequest", answer
            done += 1
    except BaseException as fault:  # noqa: BLE001: the parent raises it
        faults.put(f"client {number} after {done} requests: {fault!r}")
    finally:
        wire.close()
    counts.put(done)


def clients(port, key, numbers, until, faults, counts):
    threads = [threading.Thread(target=client, args=(port, key, number, until, faults, counts)) for number in numbers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_sixty_four_clients(server, wires, long):
    assert wires(server).request("PUT", "/load").status == 200
    seconds = 60 if long else 10
    context = multiprocessing.get_context("fork")
    faults, counts = context.Queue(), context.Queue()
    until = time.monotonic() + seconds
    running = [
        context.Process(target=clients, args=(server.port, server.root(), range(first, CLIENTS, PROCESSES), until, faults, counts))
        for first in range(PROCESSES)
    ]
    for one in running:
        one.start()
    done = [counts.get(timeout=seconds + 120) for _ in range(CLIENTS)]
    for one in running:
        one.join(60)
    found = []
    while not faults.empty():
        found.append(faults.get())
    assert not found, "\n".join(found[:5])
    assert min(done) > 0, f"somebody was never served: {sorted(done)}"
    peak = server.status("VmHWM")
    # The two dozen threads that block keep some MiB each; it does not grow with the clients.
    assert peak < 400 * MIB, f"{peak // MIB} MiB"


def test_large_bodies_go_through_in_constant_memory(server, wires):
    """16 at once, 32 MiB each, up and down: they are never all in memory."""
    assert wires(server).request("PUT", "/large").status == 200
    before = server.rss()
    body = hashlib.sha256(b"seed").digest() * MIB
    digest = hashlib.md5(body).hexdigest()
    faults = []

    def work(number):
        wire = Wire(server.port, server.root(), timeout=120)
        try:
            answer = wire.request("PUT", f"/large/{number}", body, payload="UNSIGNED-PAYLOAD")
            assert answer.status == 200 and answer.headers["etag"] == f'"{digest}"', answer
            assert hashlib.md5(wire.request("GET", f"/large/{number}").body).hexdigest() == digest
        except BaseException as fault:  # noqa: BLE001
            faults.append(fault)
        finally:
            wire.close()

    threads = [threading.Thread(target=work, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not faults, faults[0]
    grown = server.status("VmHWM") - before
    assert grown < 128 * MIB, f"{grown // MIB} MiB more for 512 MiB"


def test_many_keys_in_one_folder(server, wires):
    """A listing of many objects does not hold them all."""
    wire = wires(server)
    assert wire.request("PUT", "/many").status == 200
    folder = server.stave.bucket("many") / "one"
    folder.mkdir()
    for number in range(30_000):
        (folder / f"k{number:06}").write_bytes(b"")
    before = server.rss()
    keys = wire.keys("many")
    assert len(keys) == 30_000 and keys == sorted(keys)
    assert server.status("VmHWM") - before < 128 * MIB
