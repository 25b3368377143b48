-- epoch.lua: returns the open epoch.
--
-- ARGV  anything
-- Result  OK, 0, epoch. Reads only.

return {'OK', '0', text(state.epoch)}
