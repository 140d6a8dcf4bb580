-- The extracts of the two systems that count on the as-of date. Each is current from its date until the next one's.
{{ staged_extracts("system <> 'transfer'") }}
