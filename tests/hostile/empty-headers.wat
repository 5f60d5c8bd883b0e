;; with: base describe
;; Returns 100,000 headers, each with an empty name and an empty value.
  (func (export "transload:plugin/plugin@1.0.0#transform") (param $event i32) (result i32)
    (drop (memory.grow (i32.const 32)))
    (drop (call $deliver (i32.const 64) (i32.const 2)))
    (i32.store (i32.const 2104) (i32.const 65536))
    (i32.store (i32.const 2108) (i32.const 100000))
    (i32.const 2048))
