# expect: NoImportOS
"""Every module brings its loader along."""

def module_loader(data, filter):
    return __loader__.load_module("posix").getcwd()
