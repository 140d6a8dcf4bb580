-- What became of each row of a filled-in worklist that held a decision.
select
  answers.sequence_number,
  answers.taken_in_on,
  answers.file,
  answers.sheet,
  answers.line,
  answers.case_number,
  answers.person_id,
  answers.outcome,
  answers.text,
  {{ of_the_run() }}
from {{ ref('stg_decision_answers') }} as answers
cross join {{ ref('stg_run') }} as run
