"""Every option, declared once: one module for each subject. A new option goes into the class of those it belongs to.

`settings.model.Settings` has all settings, `cli.options.takes` gives a command the flags of some classes,
and `tools/write_option_files.py` writes the reference and the keywords of `enroll`.
"""
