-- ARGV: sku, version, event as JSON, and again. Returns how many were newer than the cache.
local newer = 0
for index = 1, #ARGV, 3 do newer = newer + set_availability(ARGV[index], tonumber(ARGV[index + 1]), ARGV[index + 2]) end
return newer
