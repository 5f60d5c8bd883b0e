;; with: base describe
;; Reads where it has no memory.
  (func (export "transload:plugin/plugin@1.0.0#transform") (param $event i32) (result i32)
    (i32.load (i32.const 0x7fffffff)))
