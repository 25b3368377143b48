-- stage.lua: adds caps or holders to the epoch that is being built.
--
-- KEYS[1]  the state hash
-- ARGV  prefix being built, caps, then key, slots, ...; or
--       prefix being built, holders, epoch, then for each: job, generation (0: assign),
--       since in ms (0: now), entered (1 or 0), group (- for none), keys joined by spaces
-- Result  OK, 0; STALE when somebody else has begun to build. O(items * keys).

if #ARGV == 0 then return {'LOADED'} end
local call, P = redis.call, ARGV[1]
if call('HGET', KEYS[1], 'building') ~= P then return {'STALE'} end

local function text(n) return string.format('%d', n) end

-- take gives a job a slot of a key and returns the resource when the key is one.
local function take(job, key)
  local resource = key:match('^resource=(.*)$')
  if not resource then
    call('SADD', P .. 's:' .. key, job)
    return nil
  end
  local others = call('HGET', P .. 'taken', resource)
  call('HSET', P .. 'taken', resource, others and others .. ' ' .. job or job)
  return resource
end

local function add(epoch, job, generation, since, entered, group, keys)
  if generation == '0' then
    generation = text(tonumber(epoch) * 1e9 + call('HINCRBY', KEYS[1], 'built', 1))
  end
  if since == '0' then
    since = text(tonumber(call('TIME')[1]) * 1000)
  end
  local shared, resource = {}, nil
  for key in keys:gmatch('%S+') do
    local taken = take(job, key)
    if taken then resource = taken else shared[#shared + 1] = key end
  end
  call('HSET', P .. 'holders', job, table.concat({generation, since, '0', resource or '-',
    '-', group, '-', table.concat(shared, ' ')}, ' '))
  if entered == '0' then call('ZADD', P .. 'marks', since, job) end
end

if ARGV[2] == 'caps' then
  for i = 3, #ARGV, 2 do call('HSET', P .. 'caps', ARGV[i], ARGV[i + 1]) end
else
  for i = 4, #ARGV, 6 do
    add(ARGV[3], ARGV[i], ARGV[i + 1], ARGV[i + 2], ARGV[i + 3], ARGV[i + 4], ARGV[i + 5])
  end
end
return {'OK', '0'}
