"""A service's model, cut to the operations that are served."""


class Model:
    """What is reachable from the operations, and which way it goes over the wire."""

    def __init__(self, raw, served):
        self.metadata = raw["metadata"]
        self.shapes = raw["shapes"]
        unknown = sorted(set(served) - set(raw["operations"]))
        if unknown:
            raise SystemExit(f"{self.metadata['serviceId']} has no operation {', '.join(unknown)}")
        self.served = [raw["operations"][name] for name in sorted(served)]
        self.others = [op for name, op in sorted(raw["operations"].items()) if name not in served]
        self.inputs = self._reachable("input")
        self.outputs = self._reachable("output")

    def _reachable(self, way):
        found, todo = set(), [op[way]["shape"] for op in self.served if way in op]
        while todo:
            name = todo.pop()
            if name not in found:
                found.add(name)
                todo.extend(self.targets(name))
        return found

    def targets(self, name):
        """The shapes that a shape is made of."""
        shape = self.shapes[name]
        match shape["type"]:
            case "structure":
                return [member["shape"] for member in shape["members"].values()]
            case "list":
                return [shape["member"]["shape"]]
            case "map":
                return [shape["key"]["shape"], shape["value"]["shape"]]
        return []

    def reachable(self):
        """All shapes that are described, by name."""
        return sorted(self.inputs | self.outputs)

    def holds_itself(self, name, member):
        """Whether a structure would hold itself through `member`, with no list between."""
        seen, todo = set(), [member]
        while todo:
            at = todo.pop()
            if at == name:
                return True
            if at in seen or self.shapes[at]["type"] != "structure" or self.is_document(at):
                continue
            seen.add(at)
            todo.extend(self.targets(at))
        return False

    def is_document(self, name):
        return bool(self.shapes[name].get("document"))

    def errors(self):
        """Every error that the service knows: (code, shape, status, whether the sender's, where its
        message stands)."""
        found = []
        for name, shape in sorted(self.shapes.items()):
            if not shape.get("exception"):
                continue
            error = shape.get("error", {})
            fault = shape.get("fault", False)
            status = error.get("httpStatusCode", 500 if fault else 400)
            message = next((m for m in shape["members"] if m.lower() == "message"), "message")
            found.append((error.get("code", name), name, status, status < 500, message))
        return found
