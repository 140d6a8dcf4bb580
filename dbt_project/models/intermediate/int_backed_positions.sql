{{ config(materialized='table') }}
-- The periods in which a VFS position is backed by some HRM position.
{{ merge_periods(ref('int_backing'), ['vfs_position_id']) }}
