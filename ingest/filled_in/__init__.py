"""Worklists that somebody filled in: from the file to decisions, and an answer for each row (contract#decisions-inbox).

    columns   the headings of a worklist that are filled in, and the words for a status
    reading   the rows of a workbook or CSV file, as somebody saved it
    judging   what each row decides, and what cannot be understood; pure
    answers   the answer in Norwegian, as a file beside the worklist and as a record
    inbox     the folder: what lies there, what is left for the next run, what moves

Belongs here: everything between a file that came back and the recorded decision. Does not belong here: the record of decisions
(`ingest.decisions`), which cases there are (the marts; they are handed in), how a worklist is made (`publish`).
"""
