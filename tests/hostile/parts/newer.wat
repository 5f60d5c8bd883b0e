  (import "transload:plugin/log@2.0.0" "write" (func (param i32 i32 i32)))
