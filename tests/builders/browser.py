"""A page as Chromium shows it, where that is at hand: in a frame of a page with styles of its own, as in a notebook."""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
from base64 import b64encode
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

_AROUND = """<!doctype html><meta charset="utf-8"><style>
* { color: red !important; background: #fff !important; text-align: right !important; font-size: 7px !important }
body { margin: 0 } div { width: %dpx }</style><div>%s</div><script>
addEventListener("message", (event) => {
  const frame = document.querySelector("iframe");
  if (event.source !== frame.contentWindow) return;
  const told = { ...event.data, frame: frame.getBoundingClientRect().toJSON() };
  document.documentElement.dataset.told = JSON.stringify(told);
});</script>"""
_WITHIN = """(async () => {
  const later = () => new Promise((done) => setTimeout(done, 400));
  const told = await (async () => { %s })();
  parent.postMessage(told, "*");
})().catch((error) => parent.postMessage({ failed: String(error) }, "*"));"""


def shown(frame: str, script: str, *, width: int = 1280, dark: bool = False) -> Any:
    """What a script tells that runs in a framed page: the body of an asynchronous function that returns an object. It
    passes the policy of the page by its digest; nothing else of the page is touched."""
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if chromium is None:
        pytest.skip("no Chromium is on this machine")
    code = _WITHIN % script
    digest = b64encode(sha256(code.encode()).digest()).decode()
    held = re.search(r'srcdoc="([^"]*)"', frame)
    assert held is not None
    page = html.unescape(held[1]).replace("script-src ", f"script-src 'sha256-{digest}' ", 1)
    page = page.replace("</body>", f"<script>{code}</script></body>")
    around = _AROUND % (width, frame.replace(held[1], html.escape(page)))
    with TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        file = Path(folder, "page.html")
        file.write_text(around, encoding="utf-8")
        command = [chromium, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={folder}/profile"]
        # A frame with a process of its own would be left behind by the time that the page around it counts.
        command += ["--virtual-time-budget=20000", "--disable-features=IsolateSandboxedIframes"]
        command += [f"--window-size={max(width, 1280)},1600"]
        command += ["--blink-settings=preferredColorScheme=0"] if dark else []
        command += ["--dump-dom", file.as_uri()]
        done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=True)
    told = re.search(r'data-told="([^"]*)"', done.stdout)
    assert told is not None, done.stderr
    result = json.loads(html.unescape(told[1]))
    assert "failed" not in result, result
    return result
