-- The transfer's extracts that count on the as-of date; apart from those of the systems, since no state is made of them.
{{ staged_extracts("system = 'transfer'") }}
