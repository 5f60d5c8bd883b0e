;; with: base describe
;; Calls the host without end.
  (func (export "transload:plugin/plugin@1.0.0#transform") (param $event i32) (result i32)
    (loop $again
      (call $delete (i32.const 64) (i32.const 1))
      (br $again))
    (unreachable))
