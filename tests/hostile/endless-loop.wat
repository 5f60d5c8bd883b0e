;; with: base describe
;; Never ends.
  (func (export "transload:plugin/plugin@1.0.0#transform") (param $event i32) (result i32)
    (loop $again (br $again))
    (unreachable))
