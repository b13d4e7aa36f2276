"""What only a browser can say: that it plays our videos and shows our pages."""
import pytest

from support import videos
from support.browser import Browser

PLAY = """
const video = document.querySelector("video");
return new Promise(resolve => {
  const tell = () => resolve({
    error: video.error && video.error.message, ended: video.ended, width: video.videoWidth, height: video.videoHeight,
    duration: video.duration, shown: video.getVideoPlaybackQuality().totalVideoFrames});
  video.onended = video.onerror = tell;
  video.play().catch(tell);
});
"""


@pytest.fixture(scope="module")
def browser():
    with Browser() as running:
        yield running


@pytest.mark.parametrize("size, options, shown", [
    ((160, 96), videos.X264, (160, 96)),
    ((161, 97), "-vf scale=161:97,setsar=1 -c:v libx264 -pix_fmt yuv444p", (162, 98)),
])
def test_a_result_plays_from_beginning_to_end(user, browser, tmp_path, size, options, shown):
    clip = videos.pattern(2, options=options)
    dataset = user.create_dataset()
    user.upload(dataset, clip, videos.mask_of(*size, (60, 30, 90, 50)), image_name="clip.mp4", fps="5")
    inference = user.complete(dataset)
    link = user.get(f"/api/inferences/{inference}/results").json()["data"]["videos"][0]["downloadUrl"]
    (tmp_path / "result.mp4").write_bytes(user.get(link).content)
    (tmp_path / "page.html").write_text('<!doctype html><video src="result.mp4" preload="auto"></video>')
    browser.open(f"file://{tmp_path}/page.html")
    played = browser.run(PLAY)
    assert played["error"] is None and played["ended"]
    assert (played["width"], played["height"]) == shown
    assert played["duration"] == pytest.approx(2, abs=0.01) and played["shown"] == 10


def test_the_documentation_is_shown_without_anything_from_outside(server, browser):
    browser.resize(1280, 800)
    browser.open(server.url + "/docs")
    assert browser.complaints() == []
    assert "/api/inferences/{id}/results" in browser.run("return document.body.innerText")
    outside = browser.run("return performance.getEntriesByType('resource').map(entry => entry.name)")
    assert [url for url in outside if not url.startswith(server.url)] == []


def test_the_documentation_fits_a_phone(server, browser):
    browser.resize(500, 800)  # as narrow as the browser's window gets
    browser.open(server.url + "/docs")
    assert browser.run("return document.documentElement.scrollWidth <= window.innerWidth")
