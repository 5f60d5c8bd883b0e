;; with: base describe
;; Returns one header whose value has 20,000 bytes.
  (data (i32.const 1024) "x-large")
  (func (export "transload:plugin/plugin@1.0.0#transform") (param $event i32) (result i32)
    (memory.fill (i32.const 65536) (i32.const 97) (i32.const 20000))
    (drop (call $deliver (i32.const 64) (i32.const 2)))
    (i32.store (i32.const 8192) (i32.const 1024))
    (i32.store (i32.const 8196) (i32.const 7))
    (i32.store (i32.const 8200) (i32.const 65536))
    (i32.store (i32.const 8204) (i32.const 20000))
    (i32.store (i32.const 2104) (i32.const 8192))
    (i32.store (i32.const 2108) (i32.const 1))
    (i32.const 2048))
