# SPDX-License-Identifier: Apache-2.0
"""Pictures of pages for people to look at: both widths, both themes, both languages.

`python -m tests.support.screenshots FOLDER / /check ...` starts a notary with sample data; `{pass}` in an address
becomes the secret of a pass to a loan. `--look desk-light-zh` (as often as you like) takes only some. Pages behind the
sign-in are visited by the sample lender.
"""

import argparse
import re
import tempfile
from pathlib import Path

from tests.support.browser import LOOKS, running_browser, sign_in, visiting
from tests.support.sample_site import running_site


def main() -> None:
    """Take the pictures."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("addresses", nargs="+")
    parser.add_argument("--look", action="append", choices=[look.name for look in LOOKS])
    asked = parser.parse_args()
    asked.folder.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as directory,
        running_site(Path(directory) / "data") as site,
        running_browser() as browser,
    ):
        secret = site.loan_pass(site.loans["assigned"])
        for look in (look for look in LOOKS if not asked.look or look.name in asked.look):
            with visiting(browser, site.url, look) as page:
                sign_in(page, site.lender_key)
                for address in asked.addresses:
                    page.goto(address.replace("{pass}", secret), wait_until="networkidle")
                    name = re.sub(r"\W+", "-", address.replace("{pass}", "")).strip("-") or "home"
                    path = asked.folder / f"{name}-{look.name}.png"
                    page.screenshot(path=path, full_page=True)
                    print(path)  # noqa: T201


if __name__ == "__main__":
    main()
