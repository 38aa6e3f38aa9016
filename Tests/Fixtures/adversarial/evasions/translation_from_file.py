# expect: NoFileSystem
"""A catalog of messages is a file."""

import gettext

def translation_from_file(data, filter):
    return gettext.translation(data, "/usr/share/locale")
