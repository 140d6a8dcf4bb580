{{ staged_versions('transfer_positions') }}
