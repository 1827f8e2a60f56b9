/** Ten expressions as workflows have them, each with what it is evaluated on. */
const order = {
  id: 'o-1842',
  customer: { name: 'Ada', tier: 'gold', email: 'ada@example.org' },
  order: { total: 142.5, currency: 'EUR' },
  items: [
    { sku: 'a-1', name: 'lamp', price: 12.5, quantity: 2 },
    { sku: 'b-7', name: 'desk', price: 99, quantity: 1 },
    { sku: 'c-3', name: 'pen', price: 1.5, quantity: 12 },
  ],
};

const states = { input: order, context: { Execution: { Id: 'arn:aws:states:::execution:orders:1' }, State: { Name: 'Price' } } };
const bindings = { states, x: true };

const expressions = [
  { name: 'compare a field', expr: '$states.input.order.total > 100' },
  { name: 'sum of a projection', expr: '{"id": $states.input.id, "sum": $sum($states.input.items.price)}' },
  { name: 'filter and project', expr: '$states.input.items[price > 10].name' },
  { name: 'concatenate', expr: "$states.input.id & '-' & $states.input.customer.name" },
  { name: 'count', expr: '$count($states.input.items)' },
  { name: 'map with a lambda', expr: '$map($states.input.items, function($i){$i.price * $i.quantity})' },
  { name: 'conditional on a variable', expr: "$x ? 'a' : 'b'" },
  { name: 'boolean condition', expr: "$states.input.customer.tier = 'gold' and $states.input.order.total >= 100" },
  { name: 'reshape', expr: '$states.input.{"customer": $uppercase(customer.name), "lines": items.{"sku": sku, "amount": price * quantity}}' },
  { name: 'reduce in a block', expr: '($lines := $states.input.items; $total := $reduce($lines, function($a, $i){$a + $i.price * $i.quantity}, 0); $round($total * 1.19, 2))' },
];

export const jsonataCases = expressions.map(({ name, expr }) => ({ name, expr, input: order, bindings }));
