"""Make the libraries that pages embed again, from what their authors published.

    python tools/vendor.py           # write src/dbwright/render/vendored/pev2
    python tools/vendor.py --check   # fail where what stands there differs, and write nothing

The packages come through the npm client, at the versions and with the hashes that stand below;
another hash is refused. Nothing is compiled: published files are put one after the other. Written
are `pev2.html` (one style and one script, below their licences, which ask to be in every copy: also
in the pages that people send), `LICENSES.txt` and `manifest.json` (versions, licences,
SHA-256 of every file, and the hashes that a Content-Security-Policy names).
"""

from __future__ import annotations

import base64
import hashlib
import json
import subprocess
import sys
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "src/dbwright/render/vendored/pev2"
RULE = "=" * 80


@dataclass(frozen=True, slots=True)
class Package:
    """A package of npm at one version."""

    name: str
    version: str
    license: str
    integrity: str
    """SHA-512 of its archive, as npm writes it (without the `sha512-`)."""
    style: str = ""
    """The file of it that goes into the style."""
    script: str = ""
    """The file of it that goes into the script."""
    license_file: str = "LICENSE"

    @property
    def title(self) -> str:
        return f"{self.name} {self.version}"


PACKAGES = (
    # In the order in which their files stand: Vue before what asks for it, and pev2's style last.
    Package(
        "vue",
        "3.5.45",
        "MIT",
        "3cvsib8m9c0vB24+MDKsgcW4+Da4xaBl9Z/5Tbm2pmSIsRPxcil4cdXjXlVsmJ2g64XJo5h+IRd7rsdGT9pZaw==",
        script="dist/vue.runtime.global.prod.js",
    ),
    Package(
        "bootstrap",
        "5.3.8",
        "MIT",
        "HP1SZDqaLDPwsNiqRqi5NcP0SSXciX2s9E+RyqJIIqGo+vJeN5AJVM98CXmW/Wux0nQ5L7jeWUdplCEf0Ee+tg==",
        style="dist/css/bootstrap.min.css",
    ),
    Package(
        "@fortawesome/fontawesome-svg-core",
        "6.7.2",
        "MIT",
        "yxtOBWDrdi5DD5o1pmVdq3WMCvnobT0LU6R8RyyVXPvFRd2o79/0NCuQoCjNTeZz9EzA9xS3JxNWfv54RIHFEA==",
        style="styles.css",
        license_file="LICENSE.txt",
    ),
    Package(
        "pev2",
        "1.21.0",
        "PostgreSQL",
        "FZ3dLNh8L4nycV5VRSunlD1EL5vgFEABssFIvQ89xQNkzEUq13r9RK7haEgazioOCttmvddSpwdiko8quldtFQ==",
        style="dist/pev2.css",
        script="dist/pev2.umd.js",
    ),
)
"""What the file is made of."""

BUNDLED = (
    # The versions are those that pev2 asks for; only the licences are taken from these packages.
    Package(
        "@fortawesome/free-solid-svg-icons",
        "6.7.2",
        "CC-BY-4.0 AND MIT",
        "GsBrnOzU8uj0LECDfD5zomZJIjrPhIlWU82AHwa2s40FKH+kcxQaBvBo3Z4TxyZHIyX8XTDxsyA33/Vx9eFuQA==",
        license_file="LICENSE.txt",
    ),
    Package(
        "@fortawesome/vue-fontawesome",
        "3.1.3",
        "MIT",
        "OHHUTLPEzdwP8kcYIzhioUdUOjZ4zzmi+midwa4bqscza4OJCOvTKJEHkXNz8PgZ23kWci1HkKVX0bm8f9t9gQ==",
        license_file="LICENSE.txt",
    ),
    Package(
        "@popperjs/core",
        "2.11.8",
        "MIT",
        "P1st0aksCrn9sGZhp8GMYwBnQsbvAWsZAX44oXNNvLHGqAOcoVxmjZiohstwQ7SqKnbR47akdNi+uleWD8+g6A==",
        license_file="LICENSE.md",
    ),
    Package(
        "@vueuse/core",
        "14.2.0",
        "MIT",
        "tpjzVl7KCQNVd/qcaCE9XbejL38V6KJAEq/tVXj7mDPtl6JtzmUdnXelSS+ULRkkrDgzYVK7EerQJvd2jR794Q==",
    ),
    Package(
        "clipboard",
        "2.0.11",
        "MIT",
        "C+0bbOqkezLIsmWSvlsXS0Q0bmkugu7jcfMIACB+RDEntIzQIkdr148we28AfSloQLRdZlYL/QYyrq05j/3Faw==",
    ),
    Package(
        "d3",
        "7.9.0",
        "ISC",
        "e1U46jVP+w7Iut8Jt8ri1YsPOvFpg46k+K8TpCb0P+zjCkjkPnV7WzfDJzMHy1LnA+wj5pLT1wjO901gLXeEhA==",
    ),
    Package(
        "d3-flextree",
        "2.1.2",
        "WTFPL",
        "gJiHrx5uTTHq44bjyIb3xpbmmdZcWLYPKeO9EPVOq8EylMFOiH2+9sWqKAiQ4DcFuOZTAxPOQyv0Rnmji/g15A==",
    ),
    Package(
        "highlight.js",
        "11.11.1",
        "BSD-3-Clause",
        "Xwwo44whKBVCYoliBQwaPvtd/2tYFkRQtXDWj1nackaV2JPXx3L0+Jvd8/qCJ2p+ML0/XVkJ2q+Mr+UVdpJK5w==",
    ),
    Package(
        "humanize-duration",
        "3.33.2",
        "Unlicense",
        "K7Ny/ULO1hDm2nnhvAY+SJV1skxFb61fd073SG1IWJl+D44ULrruCuTyjHKjBVVcSuTlnY99DKtgEG39CM5QOQ==",
        license_file="LICENSE.txt",
    ),
    Package(
        "lodash",
        "4.17.23",
        "MIT",
        "LgVTMpQtIopCi79SJeDiP0TfWi5CNEc/L/aRdTh3yIvmZXTnheWpKjSZhnvMl8iXbC1tFg9gdHHDMLoV7CnG+w==",
    ),
    Package(
        "motion",
        "12.29.2",
        "MIT",
        "jMpHdAzEDF1QQ055cB+1lOBLdJ6ialVWl6QQzpJI2OvmHequ7zFVHM2mx0HNAy+Tu4omUlApfC+4vnkX0geEOg==",
        license_file="LICENSE.md",
    ),
    Package(
        "splitpanes",
        "3.2.0",
        "MIT",
        "K+WKxWdqtKShV33gPjQl769wHxB3glypTOReCvYu/AJd38J+abHlpiF8rK6uBNPMrgw5thHZCI5JkEwsAqa9XA==",
    ),
    Package(
        "tippy.js",
        "6.3.7",
        "MIT",
        "E1d3oP2emgJ9dRQZdf3Kkn0qJgI6ZLpyS5z6ZkY1DF3kaQaBsGZsndEpHwx+eC+tYM41HaSNvNtLx8tU57FzTQ==",
    ),
    Package(
        "vue-clipboard3",
        "2.0.0",
        "MIT",
        "Q9S7dzWGax7LN5iiSPcu/K1GGm2gcBBlYwmMsUc5/16N6w90cbKow3FnPmPs95sungns4yvd9/+JhbAznECS2A==",
    ),
    Package(
        "vue-tippy",
        "6.7.1",
        "MIT",
        "gdHbBV5/Vc8gH87hQHLA7TN1K4BlLco3MAPrTb70ZYGXxx+55rAU4a4mt0fIoP+gB3etu1khUZ6c29Br1n0CiA==",
    ),
)
"""What pev2's own file holds of others."""


class Refused(Exception):
    """What came is not what was asked for, or can't be embedded."""


def fetched(package: Package, folder: Path) -> dict[str, bytes]:
    """The files of the package by path. Raises Refused where its archive is another one."""
    done = subprocess.run(
        ["npm", "pack", "--silent", f"{package.name}@{package.version}"],
        cwd=folder,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise Refused(f"npm can't get {package.title}: {done.stderr.strip()[-300:]}")
    archive = folder / done.stdout.split()[-1]
    digest = base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
    if digest != package.integrity:
        raise Refused(f"{package.title} is another one: its SHA-512 is {digest}")
    with tarfile.open(archive) as packed:
        wanted = {
            name: packed.extractfile(f"package/{name}")
            for name in (package.style, package.script, package.license_file)
            if name
        }
        return {name: file.read() for name, file in wanted.items() if file is not None}


def embedded(licenses: str, style: str, script: str) -> str:
    """A comment, a style and a script. Raises Refused where one would end too early."""
    parts = ((licenses, ("-->", "--!>")), (style, ("</style",)), (script, ("</script", "<!--")))
    for text, ends in parts:
        for end in ends:
            if end in text.lower():
                raise Refused(f"a file holds {end}, and can't stand between its tags")
        if set(text) & {"\r", "\0"}:
            raise Refused("a file holds a character that browsers change, so hashes would differ")
    return f"<!--\n{licenses}-->\n<style>{style}</style>\n<script>{script}</script>\n"


def put_together(texts: list[tuple[str, str]], separator: str) -> str:
    """Published files, each below its name. Source maps are not embedded: their names go."""
    parts = []
    for title, text in texts:
        lines = [line for line in text.strip().split("\n") if "# sourceMappingURL=" not in line]
        parts.append(f"/* {title} */\n" + "\n".join(lines))
    return separator.join(parts)


def made(folder: Path) -> dict[str, str]:
    """The files of `vendored/pev2` by name; archives are put into the folder given."""
    files = {package.name: fetched(package, folder) for package in (*PACKAGES, *BUNDLED)}
    used = {
        part: [
            (package.title, files[package.name][name].decode())
            for package in PACKAGES
            if (name := getattr(package, part))
        ]
        for part in ("style", "script")
    }
    style, script = put_together(used["style"], "\n"), put_together(used["script"], "\n;\n")
    licenses = f"\n{RULE}\n".join(
        f"{package.title} ({package.license})\n\n"
        + files[package.name][package.license_file].decode().replace("\r\n", "\n").strip()
        + "\n"
        for package in (*PACKAGES, *BUNDLED)
    )
    page = embedded(licenses, style, script)
    manifest = {
        "made_by": "python tools/vendor.py",
        "files": {"pev2.html": sha256(page.encode()), "LICENSES.txt": sha256(licenses.encode())},
        "style_hash": policy_hash(style),
        "script_hash": policy_hash(script),
        "packages": [described(package, files[package.name]) for package in PACKAGES],
        "bundled_by_pev2": [
            {"name": package.name, "version": package.version, "license": package.license}
            for package in BUNDLED
        ],
    }
    return {
        "pev2.html": page,
        "LICENSES.txt": licenses,
        "manifest.json": json.dumps(manifest, indent=2) + "\n",
    }


def described(package: Package, files: dict[str, bytes]) -> dict[str, object]:
    return {
        "name": package.name,
        "version": package.version,
        "license": package.license,
        "integrity": f"sha512-{package.integrity}",
        "files": {name: sha256(files[name]) for name in (package.style, package.script) if name},
    }


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def policy_hash(text: str) -> str:
    """As a Content-Security-Policy writes it."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def main(arguments: list[str]) -> int:
    try:
        with tempfile.TemporaryDirectory() as folder:
            wanted = made(Path(folder))
    except Refused as problem:
        print(f"error: {problem}", file=sys.stderr)
        return 1
    differing = [name for name, text in wanted.items() if not same(FOLDER / name, text)]
    if "--check" in arguments:
        for name in differing:
            print(f"differs: {(FOLDER / name).relative_to(ROOT)}", file=sys.stderr)
        return 1 if differing else 0
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name in differing:
        (FOLDER / name).write_bytes(wanted[name].encode())
    sizes = ", ".join(f"{name} {len(text.encode()):,} bytes" for name, text in wanted.items())
    print(f"{len(differing)} written; {sizes}")
    return 0


def same(path: Path, text: str) -> bool:
    return path.exists() and path.read_bytes() == text.encode()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
