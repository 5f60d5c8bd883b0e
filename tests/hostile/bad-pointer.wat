;; with: base describe
;; Returns a body that lies beyond its memory.
  (func (export "transload:plugin/plugin@1.0.0#transform") (param $event i32) (result i32)
    (call $deliver (i32.const 131000) (i32.const 1000)))
