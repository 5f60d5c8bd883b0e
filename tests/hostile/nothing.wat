;; with: base describe
;; Delivers no request at all.
  (func (export "transload:plugin/plugin@1.0.0#transform") (param $event i32) (result i32)
    (drop (call $deliver (i32.const 0) (i32.const 0)))
    (i32.store (i32.const 2060) (i32.const 0))
    (i32.const 2048))
