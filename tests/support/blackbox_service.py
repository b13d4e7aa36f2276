"""A black box as somebody else would write it: Flask and OpenCV, and nothing of ours. It serves the contract for
files in a shared directory:

    python3 blackbox_service.py DIRECTORY PORT [MODE]

MODE is how it misbehaves, for tests: see the functions of `misbehave`."""
import os
import sys
import time
import uuid

import cv2
from flask import Flask, jsonify, request

directory, port, mode = sys.argv[1], int(sys.argv[2]), (sys.argv[3:] or ["well"])[0]
app = Flask(__name__)
orders = []  # what was asked, for tests to look at


def inpaint(pair, extension):
    image = cv2.imread(os.path.join(directory, pair["imagePath"]))
    mask = cv2.imread(os.path.join(directory, pair["maskPath"]), cv2.IMREAD_GRAYSCALE)
    assert image is not None and mask is not None and image.shape[:2] == mask.shape
    assert set(mask.flat) <= {0, 255}
    output = os.path.join("results", f"{uuid.uuid4()}.{extension}")
    os.makedirs(os.path.join(directory, "results"), exist_ok=True)
    cv2.imwrite(os.path.join(directory, output), cv2.inpaint(image, mask, 3, cv2.INPAINT_TELEA))
    return output


def write(name, pixels):
    os.makedirs(os.path.join(directory, "results"), exist_ok=True)
    cv2.imwrite(os.path.join(directory, "results", name), pixels)
    return os.path.join("results", name)


def misbehave(pair):
    """The answer of this mode for a picture, or nothing when it behaves well."""
    image = cv2.imread(os.path.join(directory, pair["imagePath"]))
    height, width = image.shape[:2]
    is_red = bool((image[0, 0] == (0, 0, 255)).all())
    one = {"originalPath": pair["imagePath"]}
    if mode == "refuses-red" and is_red:
        return {"success": False, "images": [], "videos": [], "error": f"refused by {os.uname().nodename}:{port}"}
    if mode == "forgets-red" and is_red:
        return {"success": True, "images": [], "videos": []}
    if mode == "crashes-on-red" and is_red:
        raise RuntimeError("no red pictures, please")
    if mode == "other-size":
        return {"success": True, "images": [{**one, "outputPath": write("small.png", image[:height // 2])}]}
    if mode == "no-picture":
        with open(os.path.join(directory, "text.png"), "w") as file:
            file.write("this is no picture")
        return {"success": True, "images": [{**one, "outputPath": "text.png"}]}
    if mode == "leads-out":
        return {"success": True, "images": [{**one, "outputPath": "../secret.png"}]}
    if mode == "slow":
        time.sleep(3)
    return None


@app.get("/health")
def health():
    return jsonify(status="healthy")


@app.get("/orders")
def list_orders():
    return jsonify(orders)


@app.post("/process-dataset")
def process_dataset():
    order = request.get_json()
    orders.append(order)
    if mode == "busy-twice" and len(orders) <= 2:
        return "busy", 503
    if mode == "no-contract":
        return "<h1>It works!</h1>"
    extension = "jpg" if order["parameters"]["outputFormat"] in ("jpg", "jpeg") else "png"
    images = []
    for pair in order["data"]["pairs"]:
        odd = misbehave(pair)
        if odd is not None:
            return jsonify(odd)
        images.append({"originalPath": pair["imagePath"], "outputPath": inpaint(pair, extension)})
    return jsonify(success=True, images=images, videos=[])


if __name__ == "__main__":
    app.run("127.0.0.1", port, threaded=True)
