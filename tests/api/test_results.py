"""Whether a result is really inpainted: decoded and compared by other programs than ours."""
import pathlib

import numpy
import pytest

from support.pictures import MAGENTA, damaged, decode, encode, encode_mask, holes, truth

HEIGHT, WIDTH = 120, 160
MASK = holes(HEIGHT, WIDTH)
TRUTH = truth(HEIGHT, WIDTH)
DAMAGED = damaged(TRUTH, MASK)


def result_of(user, image, image_name="picture.png", mask=encode_mask(MASK), **fields):
    """(the answer, its pixels) of the one result."""
    name = user.create_dataset()
    user.upload(name, image, mask, image_name=image_name)
    results = user.results(user.complete(name, **fields))
    assert len(results) == 1
    answer = user.get(results[0]["downloadUrl"])
    return answer, decode(answer.content)


@pytest.mark.parametrize("model", ["default_inpainting", "telea", "navier-stokes"])
def test_holes_are_filled_close_to_the_truth_and_the_rest_is_kept(user, model):
    answer, pixels = result_of(user, encode(DAMAGED), modelId=model)
    assert answer.headers["Content-Type"] == "image/png"
    assert pixels.shape == TRUTH.shape and numpy.array_equal(pixels[~MASK], TRUTH[~MASK])
    filled = pixels[MASK].astype(int)
    for colour in (MAGENTA, (255, 255, 255), (0, 0, 0)):  # neither the hole nor the mask shows
        assert numpy.abs(filled - colour).max(axis=1).min() > 30
    assert numpy.abs(filled - TRUTH[MASK]).mean() < 8


def test_overlay_shows_the_mask_at_half_transparency(user):
    _, pixels = result_of(user, encode(DAMAGED), modelId="overlay")
    assert numpy.array_equal(pixels[~MASK], DAMAGED[~MASK])
    assert not numpy.array_equal(pixels[MASK], DAMAGED[MASK])


@pytest.mark.parametrize("quality", ["low", "medium", "high"])
def test_every_quality_fills(user, quality):
    _, pixels = result_of(user, encode(DAMAGED), parameters={"quality": quality})
    assert numpy.abs(pixels[MASK].astype(int) - TRUTH[MASK]).mean() < 8


@pytest.mark.parametrize("output_format", ["jpg", ".jpg", "jpeg", ".jpeg", "png", ".png"])
def test_the_result_has_the_format_that_was_asked_for(user, output_format):
    answer, pixels = result_of(user, encode(DAMAGED), parameters={"outputFormat": output_format})
    is_png = output_format.endswith("png")
    assert answer.headers["Content-Type"] == ("image/png" if is_png else "image/jpeg")
    assert answer.content.startswith(b"\x89PNG" if is_png else b"\xff\xd8")
    assert numpy.abs(pixels[~MASK].astype(int) - TRUTH[~MASK]).mean() < 4


def test_trap_Q5_blend_modes_reach_the_engine(user):
    black, white = encode(damaged(TRUTH, MASK, (0, 0, 0))), encode(damaged(TRUTH, MASK, (255, 255, 255)))
    _, lightened = result_of(user, white, parameters={"blendMode": "lighten"})
    assert numpy.all(lightened[MASK] == 255)  # the lighter of hole and filling
    _, darkened = result_of(user, black, parameters={"blendMode": "darken"})
    assert numpy.all(darkened[MASK] == 0)
    _, normal = result_of(user, black, parameters={"blendMode": "normal"})
    assert numpy.abs(normal[MASK].astype(int) - TRUTH[MASK]).mean() < 8


def test_transparency_is_kept(user):
    alpha = numpy.where(numpy.arange(WIDTH) < WIDTH // 2, 255, 128).astype(numpy.uint8)
    rgba = numpy.dstack([DAMAGED, numpy.broadcast_to(alpha, (HEIGHT, WIDTH))])
    _, pixels = result_of(user, encode(rgba))
    assert pixels.shape[2] == 4 and numpy.array_equal(pixels[~MASK], rgba[~MASK])


def test_grey_and_16_bit_stay_grey_and_16_bit(user):
    grey = DAMAGED[..., 0]
    _, pixels = result_of(user, encode(grey))
    assert pixels.dtype == numpy.uint8 and numpy.array_equal(pixels[~MASK], grey[~MASK])
    deep = grey.astype(numpy.uint16) * 257 + 3
    _, pixels = result_of(user, encode(deep))
    assert pixels.max() > 255 and numpy.array_equal(pixels[~MASK], deep[~MASK])


def test_an_empty_mask_returns_the_picture(user):
    _, pixels = result_of(user, encode(DAMAGED), mask=encode_mask(numpy.zeros_like(MASK)))
    assert numpy.array_equal(pixels, DAMAGED)


def test_trap_M11_a_picture_that_is_all_hole_is_not_paid_for(user):
    name = user.create_dataset()
    user.upload(name, encode(TRUTH), encode_mask(numpy.ones_like(MASK)))
    inference = user.submit(name).json()["jobId"]
    status = user.wait_until_ended(inference)
    assert status["status"] == "FAILED" and status["error"]
    assert user.balance() == 99.35
    user.get(f"/api/inferences/{inference}/results", expect=409)


def test_results_stand_in_both_places_and_failures_are_told_and_refunded(user):
    name = user.create_dataset()
    user.upload(name, encode(DAMAGED), encode_mask(MASK))
    user.upload(name, encode(TRUTH), encode_mask(numpy.ones_like(MASK)))
    inference = user.complete(name)
    data = user.get(f"/api/inferences/{inference}/results").json()["data"]
    assert data["inferenceId"] == inference and data["status"] == "COMPLETED"
    assert data["images"] == data["result"]["images"] and data["videos"] == data["result"]["videos"] == []
    assert set(data["images"][0]) == {"originalPath", "outputPath", "downloadUrl"} and len(data["images"]) == 1
    assert len(data["result"]["failed"]) == 1 and data["result"]["failed"][0]["reason"]
    assert user.balance() == round(100 - 2 * 0.65 - 2.75, 2)
    assert user.get(f"/api/inferences/{inference}").json()["data"]["tokensRefunded"] == 2.75


def test_exif_orientation_is_applied(user):
    turned = (pathlib.Path(__file__).parents[1] / "fixtures/turned/6.jpg").read_bytes()
    height, width = decode(turned).shape[:2]
    mask = holes(width, height)
    _, pixels = result_of(user, turned, "turned.jpg", encode_mask(mask))
    upright = numpy.rot90(decode(turned), -1)
    assert pixels.shape[:2] == (width, height)
    assert numpy.abs(pixels[~mask].astype(int) - upright[~mask]).max() <= 2
