# SPDX-License-Identifier: Apache-2.0
"""
Draw what a command shows on a terminal as an SVG.

Run: ``python tools/terminal_picture.py OUT.svg COMMAND...``

The command runs on a pseudo-terminal. What it rewrites while it runs, such as progress bars, is left out:
only what stays on the screen is drawn. The picture refers to nothing outside itself.
"""

from __future__ import annotations

import io
import os
import pty
import re
import subprocess
import sys
from pathlib import Path

from rich.console import Console
from rich.text import Text

WIDTH, HEIGHT = 96, 60


def run(command: list[str]) -> str:
    """Run a command on a terminal of its own and return every character it wrote."""
    master, slave = pty.openpty()
    environment = {**os.environ, "COLUMNS": str(WIDTH), "LINES": str(HEIGHT), "TERM": "xterm-256color"}
    child = subprocess.Popen(
        command, stdin=slave, stdout=slave, stderr=slave, env=environment, close_fds=True
    )
    os.close(slave)
    written = bytearray()
    while True:
        try:
            block = os.read(master, 65_536)
        except OSError:  # the other end is closed
            break
        if not block:
            break
        written += block
    os.close(master)
    if child.wait() != 0:
        raise SystemExit(f"{command[0]} ended with {child.returncode}:\n{written.decode()}")
    return written.decode()


def final_screen(written: str) -> str:
    """Return what stays: nothing of what was above the last jump upwards."""
    lines = re.split(r"\x1b\[1?A\x1b\[2K|\x1b\[\d*F", written.replace("\r\n", "\n"))[-1]
    return re.sub(r"\x1b\[\?25[hl]|\x1b\[2K|\r", "", lines).strip("\n")


def draw(screen: str, title: str) -> str:
    """Return the SVG of a screen, without the fonts that would be fetched from elsewhere."""
    console = Console(record=True, width=WIDTH, file=io.StringIO())
    console.print(Text.from_ansi(screen), soft_wrap=False)
    svg = console.export_svg(title=title)
    svg = re.sub(r"<!-- Generated.*?-->\s*", "", svg, flags=re.DOTALL)
    return re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL).replace(
        "Fira Code, monospace", "monospace"
    )


def main() -> None:
    """Draw the picture."""
    target, command = Path(sys.argv[1]), sys.argv[2:]
    screen = final_screen(run(command)).replace(str(Path.home()), "~")
    title = " ".join(Path(part).name if at == 0 else part for at, part in enumerate(command))
    target.write_text(draw(screen, f"$ {title}"), encoding="utf-8")


if __name__ == "__main__":
    main()
