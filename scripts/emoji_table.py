"""Writes a table of the emoji pictures of two vendors: one to train on, the other to test on.

    npm pack emoji-datasource-google@16.0.0 emoji-datasource-twitter@16.0.0
    (unpack each into a folder google/ and twitter/)
    python3 scripts/emoji_table.py FOLDER > FOLDER/emoji.jsonl

A picture is labelled with its category; variants in skin colour are left out, and so are flags, which vendors
draw alike, and components, of which there are few.
"""

import json
import sys
from pathlib import Path

LEFT_OUT = {"Component", "Flags"}
VENDORS = {"google": "train", "twitter": "test"}


def main(folder: Path) -> None:
    for vendor, split in VENDORS.items():
        package = folder / vendor / "package"
        for emoji in json.loads((package / "emoji.json").read_text()):
            path = package / "img" / vendor / "64" / emoji["image"]
            if emoji["category"] not in LEFT_OUT and path.is_file():
                row = {"path": str(path.relative_to(folder)), "label": emoji["category"], "split": split}
                print(json.dumps(row))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
