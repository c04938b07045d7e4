"""What is shown, as plain data, and its two static forms: HTML and text.

Records (`jupyter_track.records`) go in and never SQL. `card` and `runs` choose what is said (which metrics, which
columns, what changed) and return dataclasses; `html` and `text` only set them. So a test looks at data, and every
front end shows the same words in the same order.

::

    format   numbers, params, changes, times as text        goals    which way is better, declared or guessed
    tokens   colours and status glyphs                      sparkline  a curve as an SVG picture
    card     one run, as a margin note under its cell       runs     the table of runs
    markup   escaped HTML elements                          html, text  the static forms

The static HTML is made for hosts that take things away: JupyterLab without trust drops ``<style>``, inline
``<svg>``, ``id``, ``data-*``, ``role`` and any style value with ``var()``; GitHub drops all styles. What is left is a
plain table that reads right, and the numbers always stand beside the picture.

Importing `html` and `text` registers the forms of `Run`, `Experiment`, `Card` and `RunTable` with
`jupyter_track.records.html_form` and `text_form`. Only the standard library is used.
"""
