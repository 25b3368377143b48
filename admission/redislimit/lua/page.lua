-- page.lua: one page of the holders, of the groups with how many wait in each, or of the
-- caps; or how many jobs are parked for one resource.
--
-- ARGV  what (holders, groups, caps), cursor, count; or parked, resource
-- Result  OK, next cursor, then job, record, entered (1 or 0), ...; or name, keys, number
--         waiting, ...; or key, slots, ...; or the number parked. Reads only. O(count).

local what = ARGV[1]
if what == 'parked' then
  return {'OK', '0', text(call('ZCARD', P .. 'r:' .. ARGV[2]))}
end
local found = call('HSCAN', P .. what, ARGV[2], 'COUNT', ARGV[3])
local out, list = {'OK', found[1]}, found[2]
for i = 1, #list, 2 do
  local name, value = list[i], list[i + 1]
  out[#out + 1] = name
  if what == 'holders' then
    out[#out + 1] = value
    out[#out + 1] = call('ZSCORE', P .. 'marks', name) and '0' or '1'
  elseif what == 'groups' then
    out[#out + 1] = call('HGET', P .. 'g:' .. value, 'keys')
    out[#out + 1] = text(call('ZCARD', P .. 'q:' .. value) + call('ZCARD', P .. 'p:' .. value))
  else
    out[#out + 1] = value
  end
end
return out
