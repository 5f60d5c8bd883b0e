;; with: base describe
;; Calls the host some thousand times, which is allowed, and logs more than is kept.
  (func (export "transload:plugin/plugin@1.0.0#transform") (param $event i32) (result i32)
    (local $left i32)
    (local.set $left (i32.const 5000))
    (loop $again
      (call $log (i32.const 1) (i32.const 64) (i32.const 8))
      (local.set $left (i32.sub (local.get $left) (i32.const 1)))
      (br_if $again (local.get $left)))
    (call $deliver (i32.const 64) (i32.const 2)))
