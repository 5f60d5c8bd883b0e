;; with: base describe
;; Returns a path that is not UTF-8.
  (data (i32.const 1024) "/\ff\fe")
  (func (export "transload:plugin/plugin@1.0.0#transform") (param $event i32) (result i32)
    (drop (call $deliver (i32.const 64) (i32.const 2)))
    (i32.store8 (i32.const 2092) (i32.const 1))
    (i32.store (i32.const 2096) (i32.const 1024))
    (i32.store (i32.const 2100) (i32.const 3))
    (i32.const 2048))
