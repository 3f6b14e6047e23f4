"""Small, full and read-only disks for tests: a folder's rights would not stop a test that runs as root."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.absent import absent


def _mount(*words: str) -> bool:
    for before in ([], ["sudo", "-n"]):
        if before and shutil.which(before[0]) is None:
            continue
        ran = subprocess.run([*before, *words], capture_output=True, check=False)
        if ran.returncode == 0:
            return True
    return False


class Disk:
    """A mounted disk in memory.

    Attributes:
        folder: Where it is mounted.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def fill(self, left: int) -> None:
        """Leave so many bytes free."""
        about = os.statvfs(self.folder)
        size = max(about.f_bavail * about.f_frsize - left, 0)
        with (self.folder / "ballast").open("ab") as file:
            os.posix_fallocate(file.fileno(), file.tell(), max(size, 1))

    def free(self) -> None:
        """Take away what `fill` put there."""
        (self.folder / "ballast").unlink(missing_ok=True)

    def may_be_written(self, yes: bool) -> None:
        """Make it read-only, or writable again."""
        assert _mount("mount", "-o", f"remount,{'rw' if yes else 'ro'}", str(self.folder))


@contextmanager
def disk(folder: Path, megabytes: int) -> Iterator[Disk]:
    """A small disk mounted on a new folder."""
    folder.mkdir()
    user = f"uid={os.getuid()},gid={os.getgid()}"
    if not _mount("mount", "-t", "tmpfs", "-o", f"size={megabytes}m,{user}", "tmpfs", str(folder)):
        absent("This machine lets nobody mount a small disk here: full and read-only disks are not tried.")
    try:
        yield Disk(folder)
    finally:
        _mount("umount", "-l", str(folder))
