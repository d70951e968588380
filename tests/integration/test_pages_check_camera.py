# SPDX-License-Identifier: Apache-2.0
"""A QR code read through a camera: Chromium plays a film of one."""

from pathlib import Path

import segno
from playwright.sync_api import expect

from notary.receipts.qr_proof import write_qr
from tests.support import vector_receipts as make
from tests.support.api import running_api
from tests.support.browser import running_browser, visiting
from tests.support.serving import serving_app
from tests.support.vector_qr import RECEIPT

WIDTH, HEIGHT = 960, 720


def film(path: Path, text: str) -> Path:
    """Write a film of one picture, a code in the middle, as YUV4MPEG2."""
    rows = [list(row) for row in segno.make(text, micro=False, error="l").matrix_iter(border=4)]
    scale = HEIGHT // len(rows)
    left, top = (WIDTH - scale * len(rows)) // 2, (HEIGHT - scale * len(rows)) // 2
    light = bytearray(b"\xeb" * (WIDTH * HEIGHT))
    for y, row in enumerate(rows):
        line = b"".join((b"\x10" if dark else b"\xeb") * scale for dark in row)
        for place in range(scale):
            at = (top + y * scale + place) * WIDTH + left
            light[at : at + len(line)] = line
    colours = b"\x80" * (WIDTH * HEIGHT // 2)
    path.write_bytes(f"YUV4MPEG2 W{WIDTH} H{HEIGHT} F5:1 Ip C420jpeg\n".encode() + b"FRAME\n" + bytes(light) + colours)
    return path


def test_a_code_is_read_through_the_camera(tmp_path: Path) -> None:
    shown = film(tmp_path / "film.y4m", write_qr(RECEIPT, make.LOG))
    camera = ("--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream")
    with (
        running_api(tmp_path / "data") as api,
        serving_app(api.app) as url,
        running_browser(*camera, f"--use-file-for-fake-video-capture={shown}") as browser,
        visiting(browser, url, permissions=["camera"]) as page,
    ):
        page.goto("/check")
        page.wait_for_selector("body[data-ready]")
        page.get_by_text("Advanced").click()
        page.locator("#log-key").fill(make.LOG.verifier.format())
        page.get_by_text("Scan a certificate's QR code").click()
        page.get_by_role("button", name="Use the camera").click()
        expect(page.locator("#results > .recorded")).to_have_count(1)
        expect(page.locator("#camera")).not_to_be_visible()
