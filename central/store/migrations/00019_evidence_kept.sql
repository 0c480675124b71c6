-- +goose Up
-- What was found out about a quarantined stream, by whom and when; '' as long as nobody has, and in streams in order.
ALTER TABLE stream ADD COLUMN settled TEXT NOT NULL DEFAULT '';

-- +goose Down
SELECT 1;
