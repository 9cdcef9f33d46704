"""`gs_explode` as Glue Studio writes it: every parameter in whichever order, left out, empty, or typed."""

import json

import pytest

ROW = {"id": 1, "s": {"tags": ["x", "y"]}, "tags": ["p", "q"], "none": None}
BUCKET = "s3://data"


def parameter(name, *value, **more):
    """A `TransformConfigParameter` with all members that `get-job` may give."""
    return {
        "Name": name, "Type": "str", "ValidationRule": None, "ValidationMessage": None,
        "Value": list(value), "ListType": None, "IsOptional": False,
    } | more


def node(name, before, parameters=None):
    told = {
        "Name": name, "TransformName": name, "Inputs": [before], "FunctionName": name,
        "Path": f"s3://aws-glue-studio-transforms-510798373988-prod-us-east-1/{name}.py", "Version": "1.0.0",
    }
    return {"DynamicTransform": told | ({"Parameters": parameters} if parameters is not None else {})}


def rows(stave, parameters, flat=False):
    stave.run("mb", BUCKET, check=False)
    folder = stave.bucket("data") / "in"
    folder.mkdir(exist_ok=True)
    (folder / "a.json").write_text(json.dumps(ROW) + "\n")
    nodes = {
        "node-1": {"S3JsonSource": {"Name": "in", "Paths": [f"{BUCKET}/in/"]}},
        "node-2": node("gs_explode", "node-4" if flat else "node-1", parameters),
        "node-3": {"S3DirectTarget": {
            "Name": "out", "Inputs": ["node-2"], "Path": f"{BUCKET}/out/", "Format": "json", "Mode": "overwrite",
        }},
    }
    if flat:
        nodes["node-4"] = node("gs_flatten", "node-1")
    stave.job({"Name": "explode", "CodeGenConfigurationNodes": nodes})
    (file,) = [path for path in (stave.bucket("data") / "out").rglob("*") if path.is_file()]
    return [json.loads(line) for line in file.read_text().splitlines()]


@pytest.mark.parametrize("parameters", [
    [parameter("colName", "tags"), parameter("newCol", "tag", IsOptional=True)],
    [parameter("newCol", "tag"), parameter("colName", "tags"), parameter("outer", "True", Type="bool")],
    [parameter("outer", "false", Type="bool"), parameter("newCol", "tag"), parameter("colName", "tags")],
    [{"Name": "colName", "Type": "str", "Value": ["tags"]}, {"Name": "newCol", "Type": "str", "Value": ["tag"]}],
])
def test_a_new_column_beside_the_array(stave, parameters):
    found = rows(stave, parameters)
    assert [(row["tag"], row["tags"]) for row in found] == [("p", ROW["tags"]), ("q", ROW["tags"])]


@pytest.mark.parametrize("more", [
    [],
    [parameter("newCol")],
    [parameter("newCol", "")],
    [parameter("newCol", Value=None), parameter("outer", Value=None, Type="bool")],
    [{"Name": "newCol", "Type": "str", "IsOptional": True}],
])
def test_without_a_new_column_the_elements_take_the_arrays_place(stave, more):
    found = rows(stave, [parameter("colName", "tags"), *more])
    assert [row["tags"] for row in found] == ["p", "q"] and set(found[0]) <= set(ROW)


@pytest.mark.parametrize("column", ["s.tags", "`s.tags`"])
@pytest.mark.parametrize("flat", [False, True], ids=["nested", "flattened"])
def test_a_name_with_dots_is_a_column_or_a_path(stave, column, flat):
    found = rows(stave, [parameter("colName", column), parameter("newCol", "tag")], flat)
    assert [row["tag"] for row in found] == ["x", "y"]
