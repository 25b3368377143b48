-- slots.lua: caps, and the slots taken of each key.
--
-- s:<key>   hash  job -> generation; its length is what the key has given out
-- caps      hash  key, or dimension=*, -> slots, neither: no limit; weight=<account> ->
--                 its share of the turns, neither: 1
-- holders   hash  job -> "generation since ring score group account key..."
-- marks     zset  job by the time of its grant, until it is entered
--
-- Caps and counts are cached for the one call; nothing else can change them meanwhile.

local caps, counts = {}, {}

local function isResource(key) return key:sub(1, 9) == 'resource=' end

-- loadCaps reads the caps of keys, false for no limit.
local function loadCaps(keys)
  local unknown, fields = {}, {}
  for _, key in ipairs(keys) do
    if isResource(key) then
      caps[key] = 1
    elseif caps[key] == nil then
      unknown[#unknown + 1] = key
      fields[#fields + 1] = key
      fields[#fields + 1] = key:match('^[^=]*') .. '=*'
    end
  end
  if #fields == 0 then return end
  local found = call('HMGET', P .. 'caps', unpack(fields))
  for i, key in ipairs(unknown) do
    local value = found[2 * i - 1] or found[2 * i]
    caps[key] = value and tonumber(value)
  end
end

-- capOf returns the slots a key has, or false for no limit.
local function capOf(key)
  if caps[key] == nil then loadCaps({key}) end
  return caps[key]
end

local function heldOf(key)
  local n = counts[key]
  if n == nil then
    n = call('HLEN', P .. 's:' .. key)
    counts[key] = n
  end
  return n
end

local function full(key)
  local cap = capOf(key)
  return cap and heldOf(key) >= cap
end

local function take(key, job, generation)
  local added = call('HSET', P .. 's:' .. key, job, generation)
  if counts[key] then counts[key] = counts[key] + added end
end

local function give(key, job)
  local gone = call('HDEL', P .. 's:' .. key, job)
  if counts[key] then counts[key] = counts[key] - gone end
end

-- holder reads a holder's record, or returns nil.
local function holder(job)
  local record = call('HGET', P .. 'holders', job)
  if not record then return nil end
  local w = words(record)
  local h = {job = job, generation = w[1], since = w[2], ring = w[3], score = w[4],
    group = w[5], account = w[6], keys = {}}
  for i = 7, #w do h.keys[#h.keys + 1] = w[i] end
  return h
end

local function writeHolder(h)
  call('HSET', P .. 'holders', h.job, table.concat({h.generation, h.since, h.ring,
    h.score, h.group, h.account, table.concat(h.keys, ' ')}, ' '))
end

-- nextGeneration returns epoch * 1e9 + n as text; save() in order.lua keeps n.
local function nextGeneration()
  lastN = lastN + 1
  return text(epoch * 1e9 + lastN)
end
