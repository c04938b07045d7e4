"""What is shown, as plain data, and its two static forms: HTML and text.

Records (`jupyter_track.records`) go in and never SQL. `card`, `runs` and `comparison` choose what is said (which
metrics, which columns, what changed) and return dataclasses; `html` and `text` only set them. So a test looks at data,
and every front end shows the same words in the same order. What a view needs besides the records it was handed is read
by a function of its own (`table_of`, `comparison_of`), so that the terminal, the magic and `Runs` read the same.

::

    format   numbers, params, changes, times as text        goals    which way is better, declared or guessed
    tokens   colours and status glyphs                      sparkline  a curve as an SVG picture
    changes  what changed from one run to another           repeats  runs that repeat each other, and their noise
    diffs    two texts, line by line                        found    what a search found, to be edited as a whole
    card     one run, as a margin note under its cell       runs     the table of runs
    beside   what a card says of other runs, read           table    what a table needs besides its runs, read
    samples  mean and deviation of numbers of any size      words    counts and runs in a sentence
    arrange, columns, measured  which rows a table has, which columns, and the numbers of one
    details  one record in full                             comparison  runs side by side
    markup   escaped HTML elements, with their styles       html, text  the static forms
    compared what a comparison says: columns, lines, code   compared_facts, compared_metrics  its lines
    cell_diffs  the code of two runs cell by cell           statistics  a difference with its interval
    group_comparison  groups of runs side by side           joined   tables of several runs, joined by a key
    media    figures and images of several runs             comparison_parts  what stands below its lines, read

The static HTML is made for hosts that take things away: JupyterLab without trust drops ``<style>``, inline
``<svg>``, ``id``, ``data-*``, ``role`` and any style value with ``var()``; GitHub drops all styles. What is left is a
plain table that reads right, and the numbers always stand beside the picture.

Importing `html` and `text` registers the forms of `Run`, `Experiment`, `Card` and `RunTable` with
`jupyter_track.records.html_form` and `text_form`. Only the standard library is used.
"""
