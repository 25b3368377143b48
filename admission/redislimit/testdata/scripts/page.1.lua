-- base.lua: the start of every script that needs an open epoch.
--
-- KEYS[1]  {hf:<installation>}:state, a hash; every other key has the same hash tag and
--          is named after the prefix kept there, so one Cluster slot holds them all.
-- A call without arguments only loads the script. A closed epoch answers NOTREADY.

if #ARGV == 0 then return {'LOADED'} end

local call = redis.call
local stateKey = KEYS[1]

-- text writes a whole number without an exponent; Lua's own conversion stops at 1e14.
local function text(n) return string.format('%d', n) end

-- number reads a score. miniredis writes 1e+15, which its tonumber does not take, but its
-- arithmetic does.
local function number(s) return tonumber(s) or s + 0 end

local function words(s)
  local list = {}
  for word in s:gmatch('%S+') do list[#list + 1] = word end
  return list
end

-- What follows is kept in a table a part (state, slots, order, room, pump). Were each
-- function a local of its own, making the functions, which every call does anew, would
-- take longer than what most calls are for.
local state = {}
do
  local v = call('HMGET', stateKey, 'epoch', 'prefix', 'window', 'n', 'vn', 've', 'recall')
  if not v[1] then return {'NOTREADY'} end
  state.epoch, state.prefix, state.window, state.n = tonumber(v[1]), v[2], tonumber(v[3]), tonumber(v[4])
  state.clock = {n = tonumber(v[5]), e = tonumber(v[6])}
  state.recalls = v[7] -- or false
end
local P = state.prefix

-- state.now is Redis' time in milliseconds, the only clock all processes share.
function state.now()
  if not state.time then
    local t = call('TIME')
    state.time = tonumber(t[1]) * 1000 + math.floor(tonumber(t[2]) / 1000)
  end
  return state.time
end
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
