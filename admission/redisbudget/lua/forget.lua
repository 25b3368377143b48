-- forget.lua: takes a bucket that has expired out of the index.
-- KEYS[1]  the bucket    KEYS[2]  the index
if redis.call('EXISTS', KEYS[1]) == 0 then redis.call('ZREM', KEYS[2], KEYS[1]) end
return 1
