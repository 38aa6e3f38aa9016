# expect: NoFileSystem
"""Opens an archive by its name."""

import zipfile

def zip_file_by_name(data, filter):
    return zipfile.ZipFile(data).namelist()
