"""Reports: what a store says of some runs, as one HTML file that stands for itself.

::

    asked      what a person wants: which runs, kind, sections, text        material   those runs, read once
    document   the report as plain data: sections and their blocks          sections   one function a section
    summary, charts, files, facts   the functions of the sections           frozen     what a panel would be sent
    values     what a text may name: runs, params, metrics                  narrative  Markdown with such values
    sandbox    where the expressions of a text run                          attached   what a text shows from beside it
    line       its options on a line, of a command or of %track
    screening  what a picture is, and whether it only shows
    privacy    paths of the author's machine are taken out                  reading    the store, read without them
    pages, markdown   the document as HTML, and as Markdown                  make       all of it, and `Report`

The file is whole without a script: tables, pictures with alternative texts, code. Scripts add what the panels can do,
with the panels' own code (labextension/src/report): a panel gets the messages that a kernel would have sent it.

The subpackage is not called ``report``, since ``jupyter_track.report`` is the function.
"""
