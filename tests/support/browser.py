"""A real browser, driven by the WebDriver protocol (https://www.w3.org/TR/webdriver2/)."""
import socket
import subprocess
import time

import requests


class Browser:
    """Chromium without a window, until the end of the block."""

    OPTIONS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--mute-audio",
               "--autoplay-policy=no-user-gesture-required"]

    def __enter__(self):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self._driver = subprocess.Popen(["chromedriver", f"--port={port}"], stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL)
        self._url = f"http://127.0.0.1:{port}"
        try:
            self._wait_for_driver()
            wanted = {"goog:chromeOptions": {"args": self.OPTIONS}, "goog:loggingPrefs": {"browser": "ALL"}}
            session = self._ask("POST", "/session", {"capabilities": {"alwaysMatch": wanted}})
            self._url += "/session/" + session["sessionId"]
            self._ask("POST", "/timeouts", {"script": 60_000})
        except Exception:
            self._driver.kill()
            raise
        return self

    def __exit__(self, *_):
        try:
            self._ask("DELETE", "")
        finally:
            self._driver.terminate()
            self._driver.wait()

    def _wait_for_driver(self):
        for _ in range(300):
            try:
                if self._ask("GET", "/status")["ready"]:
                    return
            except requests.ConnectionError:
                pass
            time.sleep(0.1)
        raise AssertionError("chromedriver does not start")

    def _ask(self, method, path, body=None):
        answer = requests.request(method, self._url + path, json=body, timeout=120)
        assert answer.ok, answer.text
        return answer.json()["value"]

    def resize(self, width, height):
        self._ask("POST", "/window/rect", {"width": width, "height": height})

    def open(self, url):
        self._ask("POST", "/url", {"url": url})

    def run(self, script):
        """What the JavaScript returns; a promise is waited for."""
        return self._ask("POST", "/execute/sync", {"script": script, "args": []})

    def complaints(self):
        """What the console says since it was last asked."""
        return [entry["message"] for entry in self._ask("POST", "/se/log", {"type": "browser"})]
