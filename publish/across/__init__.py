"""The overview across kommuner, without persons: a page, CSV and JSON (contract#overview).

    <folder>/index.html         one figure for all, a table of the kommuner, propagation by cause and lag
    <folder>/kommuner.csv       a row for each kommune
    <folder>/sluttdatoer.csv    end dates by kommune, outcome, and cause or lag
    <folder>/oversikt.json      the same for programs, with the codes of the marts

    figures     counts that may be hidden, doubted or unknown, and what is read of one kommune
    kommune     how it stands in one kommune
    summary     all kommuner together
    written     the page and the files

What is shown of a kommune is a count of its open set, or one of end dates, of which 1 and 2 are hidden. Every sum, over the parts
of a kommune or over kommuner, is made of what is shown of each, and of nothing else: a hidden count is 1 in it. So no
subtraction tells what is hidden: with a 2 in place of a 1 every file would have the same bytes.

Belongs here: what the overview says. Does not belong here: which kommuner there are, and their last runs
(`orchestration.core.overview`).
"""
