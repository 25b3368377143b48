-- page.lua: one page of the holders, of the groups with how many wait in each, of the caps,
-- or of the full keys with who is next for each; or how many jobs are parked for one
-- resource.
--
-- ARGV  what (holders, groups, caps, blocked), cursor, count; or parked, resource
-- Result  OK, next cursor, then job, record, entered (1 or 0), ...; or name, keys, number
--         waiting, ...; or key, slots, ...; or key, job (may be empty), ...; or the number
--         parked. Reads only. O(count).

local what = ARGV[1]

-- nextFor returns the first job of the line that waits for a full key.
local function nextFor(key)
  for _, ring in ipairs({'e', 'n'}) do
    local line = P .. 'blocked:' .. ring .. ':' .. key
    local account = call('ZRANGE', line, 0, 0)[1]
    local group = account and call('ZRANGE', line .. ' ' .. account, 0, 0)[1]
    local first = group and call('ZRANGE', P .. 'q:' .. group, 0, 0)[1]
    if first then return first:match('^%S+') end
  end
  return ''
end

if what == 'parked' then
  return {'OK', '0', text(call('ZCARD', P .. 'r:' .. ARGV[2]))}
end
if what == 'blocked' then
  local found = call('SSCAN', P .. 'blocked', ARGV[2], 'COUNT', ARGV[3])
  local out = {'OK', found[1]}
  for _, key in ipairs(found[2]) do
    out[#out + 1] = key
    out[#out + 1] = nextFor(key)
  end
  return out
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
