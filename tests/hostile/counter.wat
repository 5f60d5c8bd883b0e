;; with: base describe
;; Keeps state as it should: reads the key "n", appends a byte, and delivers what it read.
  (data (i32.const 1024) "n")
  (func (export "transload:plugin/plugin@1.0.0#transform") (param $event i32) (result i32)
    (local $value i32)
    (local $bytes i32)
    (call $get (i32.const 1024) (i32.const 1) (i32.const 32))
    (if (i32.load8_u (i32.const 32))
      (then
        (local.set $value (i32.load (i32.const 36)))
        (local.set $bytes (i32.load (i32.const 40)))))
    (call $set (i32.const 1024) (i32.const 1)
      (local.get $value) (i32.add (local.get $bytes) (i32.const 1)))
    (call $deliver (local.get $value) (local.get $bytes)))
