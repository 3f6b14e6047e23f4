-- The days of some components.
--
-- Takes    :first, :last, :fold = null; component_day
-- Returns  component, day, value

SELECT d.component AS component, d.day AS day, d.value AS value FROM component_day d
