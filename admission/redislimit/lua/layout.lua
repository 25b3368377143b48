-- layout.lua: the version of what the scripts keep in Redis. Whoever changes the meaning of
-- a key raises it: then an older process refuses to touch what a newer one laid out, and the
-- leader of a newer one lays an older room out anew. A room without the field has layout 1.

local LAYOUT = 1
local function newer(layout) return layout and tonumber(layout) > LAYOUT end

