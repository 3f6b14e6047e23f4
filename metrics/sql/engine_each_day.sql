-- The days of some components.
--
-- Takes    component_day, which holds the days asked for
-- Returns  component, day, value

SELECT d.component AS component, d.day AS day, d.value AS value FROM component_day d
