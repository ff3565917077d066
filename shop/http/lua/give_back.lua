-- Only into a bucket that is there: one that is not is full.
for index, key in ipairs(KEYS) do
    if redis.call('EXISTS', key) == 1 then redis.call('HINCRBYFLOAT', key, 'tokens', ARGV[index]) end
end
