// Sends each argument as a record: npm run produce -- '{"id":1}'
import kafkajs from 'kafkajs';

const brokers = (process.env.KAFKA_BROKERS ?? 'localhost:9092').split(',');
const client = new kafkajs.Kafka({ brokers, logLevel: kafkajs.logLevel.ERROR });
const producer = client.producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner });
await producer.connect();
await producer.send({ topic: 'orders', messages: process.argv.slice(2).map((value) => ({ value })) });
await producer.disconnect();
