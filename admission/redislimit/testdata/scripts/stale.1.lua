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
-- slots.lua: caps, and the slots taken of each key.
--
-- s:<key>   set   jobs that hold a slot of a shared key; its size is what the key has given out
-- taken     hash  resource -> the job that holds it (after a rebuild perhaps several)
-- caps      hash  key, or dimension=*, -> slots, neither: no limit; weight=<account> ->
--                 its share of the turns, neither: 1
-- holders   hash  job -> "generation since score resource ring group account key..."
-- marks     zset  job by the time of its grant, until it is entered
--
-- Caps and counts are cached for the one call; nothing else can change them meanwhile.

local NONE = '-' -- stands for nothing in a record

-- What a call does to many jobs goes to Redis in one command for all: later() gathers it,
-- flush() sends it. Between the two nobody reads the keys that change.
local slots = {gathered = {}}

function slots.later(command, key, a, b)
  local batch = slots.gathered[key]
  if not batch or batch[1] ~= command then
    if batch then call(unpack(batch)) end
    batch = {command, key}
    slots.gathered[key] = batch
  end
  batch[#batch + 1] = a
  batch[#batch + 1] = b
end

function slots.flush()
  for _, batch in pairs(slots.gathered) do call(unpack(batch)) end
  slots.gathered = {}
end

local FEW = 64 -- caps that are read all at once
slots.caps, slots.counts, slots.names = {}, {}, {}

-- readCaps reads all caps when they are few.
function slots.readCaps()
  slots.defaults = false
  if call('HLEN', P .. 'caps') > FEW then return end
  local all = call('HGETALL', P .. 'caps')
  slots.defaults = {}
  for i = 1, #all, 2 do
    local of = all[i]:sub(-2) == '=*' and slots.defaults or slots.caps
    of[all[i]] = tonumber(all[i + 1])
  end
end

-- capOf returns the slots a shared key has, or false for no limit.
function slots.capOf(key)
  if slots.defaults == nil then slots.readCaps() end
  local cap = slots.caps[key]
  if cap ~= nil then return cap end
  local default = key:match('^[^=]*') .. '=*'
  if slots.defaults then
    cap = slots.defaults[default] or false
  else
    local found = call('HMGET', P .. 'caps', key, default)
    local value = found[1] or found[2]
    cap = value and tonumber(value)
  end
  slots.caps[key] = cap
  return cap
end

-- slotsOf names the set of a shared key's holders.
function slots.slotsOf(key)
  local name = slots.names[key]
  if not name then
    name = P .. 's:' .. key
    slots.names[key] = name
  end
  return name
end

-- full says whether a shared key has no slot left.
function slots.full(key)
  local cap = slots.capOf(key)
  if not cap then return false end
  if not slots.counts[key] then slots.counts[key] = call('SCARD', slots.slotsOf(key)) end
  return slots.counts[key] >= cap
end

function slots.countBy(keys, change)
  for _, key in ipairs(keys) do
    if slots.counts[key] then slots.counts[key] = slots.counts[key] + change end
  end
end

-- The end of a record is the same for all jobs of a group, so it is taken apart once.
slots.tails = {}

function slots.tailOf(tail)
  local part = slots.tails[tail]
  if not part then
    local w = words(tail)
    part = {ring = w[1], group = w[2], account = w[3], keys = {unpack(w, 4)}}
    slots.tails[tail] = part
  end
  return part
end

-- heldBy returns what a holder's record says of its slots: the resource, or false, and
-- what it shares with its group.
function slots.heldBy(record)
  local resource, tail = record:match('^%S+ %S+ %S+ (%S+) (.*)$')
  return resource ~= NONE and resource, slots.tailOf(tail)
end

-- holder returns all of a holder's record, or nil.
function slots.holder(job)
  local record = call('HGET', P .. 'holders', job)
  if not record then return nil end
  local generation, since, score, resource, tail = record:match('^(%S+) (%S+) (%S+) (%S+) (.*)$')
  return {job = job, generation = generation, since = since, score = score, tail = tail,
    resource = resource ~= NONE and resource, shared = slots.tailOf(tail)}
end

function slots.writeHolder(job, generation, score, resource, tail)
  local since = text(state.now())
  slots.later('HSET', P .. 'holders', job,
    generation .. ' ' .. since .. ' ' .. score .. ' ' .. (resource or NONE) .. ' ' .. tail)
  slots.later('ZADD', P .. 'marks', since, job)
end

-- nextGeneration returns epoch * 1e9 + n as text; save() in order.lua keeps n.
function slots.nextGeneration()
  state.n = state.n + 1
  return text(state.epoch * 1e9 + state.n)
end
-- stale.lua: lists grants that were not entered for a while, oldest first.
--
-- ARGV  age in milliseconds, limit
-- Result  OK, 0, job, generation, group, ... Reads only. O(limit + log n).

local out = {'OK', '0'}
local jobs = call('ZRANGEBYSCORE', P .. 'marks', '-inf', text(state.now() - tonumber(ARGV[1])),
  'LIMIT', 0, ARGV[2])
for _, job in ipairs(jobs) do
  local h = slots.holder(job)
  for _, word in ipairs({job, h.generation, h.shared.group}) do out[#out + 1] = word end
end
return out
